const mounted = new WeakMap()

export default function ({ data, parentElement }) {
  const stage = parentElement.querySelector(".stage"), img = parentElement.querySelector("img")
  const own = mounted.get(parentElement) ?? {}
  mounted.set(parentElement, own)
  const { src, label, ...place } = JSON.parse(data.json)
  if (img.src !== src) img.src = src
  stage.setAttribute("aria-label", label)
  stage.style.aspectRatio = `${place.width} / ${place.height}`
  frame(parentElement.querySelector(".box"), place)

  const zoomed = steer(stage)
  stage.onpointerdown = (e) => {
    if (e.button !== 0 || viewport.zoom === 1) return
    own.move = drag(stage, e)
    stage.setPointerCapture(e.pointerId)
  }
  stage.onpointermove = (e) => own.move?.(e)
  stage.onpointerup = stage.onpointercancel = () => { own.move = null }
  stage.onkeydown = (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return
    const step = viewport.zoom > 1 && PAN[e.key]
    if (step) look(viewport.zoom, viewport.x + (step[0] * PAN_STEP) / viewport.zoom, viewport.y + (step[1] * PAN_STEP) / viewport.zoom)
    if (step || zoomed(e.key)) e.preventDefault()
  }
  own.leave ??= follow(stage)
  return () => {
    own.leave?.()
    own.leave = null
  }
}
