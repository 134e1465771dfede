const mounted = new WeakMap()

export default function ({ data, parentElement }) {
  const stage = parentElement.querySelector(".stage")
  const own = mounted.get(parentElement) ?? {}
  mounted.set(parentElement, own)
  const { src, label, opening, ...place } = JSON.parse(data.json)
  for (const img of parentElement.querySelectorAll("img")) if (img.src !== src) img.src = src
  stage.setAttribute("aria-label", label)
  stage.style.setProperty("--frame-colour", place.colour)
  stage.style.aspectRatio = `${place.width} / ${place.height}`
  frame(parentElement.querySelector(".box"), place)
  if (opening) linked.open(opening)

  zoomed(linked, stage)
  overview(linked, parentElement.querySelector(".whole"))
  stage.ondblclick = (e) => linked.zoomAt(linked.zoom > 1 ? 1 : 4, linked.under(stage, e))
  stage.onpointerdown = (e) => {
    if (e.button !== 0 || linked.zoom === 1) return
    own.move = drag(linked, stage, e)
    stage.setPointerCapture(e.pointerId)
  }
  stage.onpointermove = (e) => own.move?.(e)
  stage.onpointerup = stage.onpointercancel = () => { own.move = null }
  stage.onkeydown = (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return
    const step = linked.zoom > 1 && PAN[e.key]
    if (step) linked.look(linked.zoom, linked.x + (step[0] * PAN_STEP) / linked.zoom, linked.y + (step[1] * PAN_STEP) / linked.zoom)
    if (step || zoomedBy(linked, e.key)) e.preventDefault()
  }
  own.leave ??= follow(linked, stage)
  return () => {
    own.leave?.()
    own.leave = null
  }
}
