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
  const calm = matchMedia("(prefers-reduced-motion: reduce)")
  const turn = (pages) =>
    strip.scrollBy({ left: pages * strip.clientWidth * 0.8, behavior: calm.matches ? "auto" : "smooth" })
  back.onclick = () => turn(-1)
  on.onclick = () => turn(1)
  strip.onscroll = () => {
    const focused = parentElement.querySelector(".turn:focus")
    back.hidden = strip.scrollLeft < 8
    on.hidden = strip.scrollLeft + strip.clientWidth > strip.scrollWidth - 8
    // A button that hides would take the focus with it.
    if (focused?.hidden) (focused === on ? back : on).focus()
  }
  let chosen = null
  const buttons = [...strip.querySelectorAll(".row button")]
  for (const button of buttons) {
    const pressed = button.dataset.id === selected
    button.setAttribute("aria-pressed", pressed)
    if (pressed) chosen = button
    button.onclick = () => setStateValue("choice", { id: button.dataset.id, stamp: `${Date.now()}-${Math.random()}` })
  }
  roving(strip, buttons, chosen ?? buttons[0])
  // Only along the strip: scrollIntoView would move the page too.
  if (chosen) {
    const from = chosen.offsetLeft - strip.offsetLeft
    const hidden = from < strip.scrollLeft || from + chosen.offsetWidth > strip.scrollLeft + strip.clientWidth
    if (hidden) strip.scrollLeft = from - strip.clientWidth / 2
  }
}
