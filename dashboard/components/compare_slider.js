const mounted = new WeakMap()
const GRIP = 24

export default function ({ data, parentElement }) {
  const find = (name) => parentElement.querySelector(name)
  const stage = find(".stage")
  const own = mounted.get(parentElement) ?? { at: 50 }
  mounted.set(parentElement, own)
  const { left, right, opening, ...place } = JSON.parse(data.json)
  for (const [side, { src, name }] of Object.entries({ left, right })) {
    const img = find(`.${side} img`)
    if (img.src !== src) img.src = src
    find(`.name.${side}`).textContent = name
    find(`button.${side}`).textContent = name
  }
  if (opening) linked.open(opening)
  stage.style.setProperty("--frame-colour", place.colour)
  stage.style.aspectRatio = `${place.width} / ${place.height}`
  for (const box of parentElement.querySelectorAll(".box")) frame(box, place)

  const show = (at) => {
    own.at = within(at, 0, 100)
    stage.style.setProperty("--at", `${own.at}%`)
    stage.setAttribute("aria-valuenow", Math.round(own.at))
    stage.setAttribute("aria-valuetext", `${Math.round(own.at)} % ${left.name}, ${Math.round(100 - own.at)} % ${right.name}`)
    find("button.left").setAttribute("aria-pressed", own.at === 100)
    find("button.half").setAttribute("aria-pressed", own.at === 50)
    find("button.right").setAttribute("aria-pressed", own.at === 0)
  }
  stage.setAttribute("aria-label", `${left.name} to the left of the divider, ${right.name} to the right`)
  show(own.at)
  const toggle = () => show(own.at < 50 ? 100 : 0)
  find("button.left").onclick = () => show(100)
  find("button.half").onclick = () => show(50)
  find("button.right").onclick = () => show(0)
  zoomed(linked, stage)
  stage.ondblclick = (e) => linked.zoomAt(linked.zoom > 1 ? 1 : 4, linked.under(stage, e))
  const share = (e) => {
    const r = stage.getBoundingClientRect()
    return ((e.clientX - r.left) / r.width) * 100
  }
  const near = (e) => Math.abs(share(e) - own.at) / 100 * stage.clientWidth < GRIP
  stage.onpointerdown = (e) => {
    if (e.button !== 0) return
    stage.setPointerCapture(e.pointerId)
    // A picture seen from close by is moved; its divider is moved by its handle.
    own.move = linked.zoom > 1 && !near(e) ? drag(linked, stage, e) : (now) => show(share(now))
    if (linked.zoom === 1) show(share(e))
  }
  stage.onpointermove = (e) => own.move?.(e)
  stage.onpointerup = stage.onpointercancel = () => { own.move = null }
  stage.onkeydown = (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return
    const step = e.shiftKey ? 10 : 2
    if (e.key === "ArrowLeft") show(own.at - step)
    else if (e.key === "ArrowRight") show(own.at + step)
    else if (e.key === "Home") show(0)
    else if (e.key === "End") show(100)
    else if (e.key === " ") toggle()
    else if (!zoomedBy(linked, e.key)) return
    e.preventDefault()
  }
  own.leave ??= follow(linked, stage)
  return () => {
    own.leave?.()
    own.leave = null
  }
}
