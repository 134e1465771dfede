const drawn = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const { kinds, selected } = JSON.parse(data.json)
  const strip = parentElement.querySelector(".strip")
  const content = kinds.map((kind) => kind.images.map((image) => image.id).join()).join()
  if (drawn.get(parentElement) !== content) {
    drawn.set(parentElement, content)
    strip.replaceChildren(...kinds.map(({ title, images }) => {
      const kind = document.createElement("div")
      kind.className = "kind"
      const name = document.createElement("span")
      name.textContent = title
      const row = document.createElement("div")
      row.className = "row"
      row.append(...images.map((image) => {
        const button = document.createElement("button")
        button.type = "button"
        button.title = image.title
        button.setAttribute("aria-label", image.title)
        button.dataset.id = image.id
        button.style.backgroundImage = `url(${image.src})`
        return button
      }))
      kind.append(name, row)
      return kind
    }))
  }
  const back = parentElement.querySelector(".back"), on = parentElement.querySelector(".on")
  const turn = (pages) => strip.scrollBy({ left: pages * strip.clientWidth * 0.8, behavior: "smooth" })
  back.onclick = () => turn(-1)
  on.onclick = () => turn(1)
  strip.onscroll = () => {
    back.hidden = strip.scrollLeft < 8
    on.hidden = strip.scrollLeft + strip.clientWidth > strip.scrollWidth - 8
  }
  let chosen = null
  const buttons = [...strip.querySelectorAll(".row button")]
  for (const button of buttons) {
    const pressed = button.dataset.id === selected
    button.setAttribute("aria-pressed", pressed)
    if (pressed) chosen = button
    button.onclick = () => setStateValue("choice", { id: button.dataset.id, stamp: `${Date.now()}-${Math.random()}` })
  }
  // One stop of the tab key; from there the arrow keys lead on.
  const stop = (at) => { for (const button of buttons) button.tabIndex = button === at ? 0 : -1 }
  stop(chosen ?? buttons[0])
  strip.onkeydown = (e) => {
    const place = buttons.indexOf(e.target)
    const next = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: buttons.length - 1 }[e.key]
    if (place < 0 || !buttons[next]) return
    e.preventDefault()
    stop(buttons[next])
    buttons[next].focus()
  }
  // Only along the strip: scrollIntoView would move the page too.
  if (chosen) {
    const from = chosen.offsetLeft - strip.offsetLeft
    const hidden = from < strip.scrollLeft || from + chosen.offsetWidth > strip.scrollLeft + strip.clientWidth
    if (hidden) strip.scrollLeft = from - strip.clientWidth / 2
  }
}
