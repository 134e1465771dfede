const mounted = new WeakMap()
const GRIP = 24

export default function ({ data, parentElement }) {
  const find = (name) => parentElement.querySelector(name)
  const stage = find(".stage")
  const own = mounted.get(parentElement) ?? { at: 50 }
  mounted.set(parentElement, own)
  const { left, right, ...place } = JSON.parse(data.json)
  for (const [side, { src, name }] of Object.entries({ left, right })) {
    const img = find(`.${side} img`)
    if (img.src !== src) img.src = src
    find(`.name.${side}`).textContent = name
    find(`button.${side}`).textContent = name
  }
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
  find("button.in").onclick = () => look(viewport.zoom * ZOOM_STEP)
  find("button.out").onclick = () => look(viewport.zoom / ZOOM_STEP)
  find("button.whole").onclick = () => look(1)
  find("button.window").onclick = () => {
    const { x, y, size, width, height } = place
    look(Math.min(width, height) / (4 * size), (x + size / 2) / width, (y + size / 2) / height)
  }

  const zoomed = steer(stage)
  const share = (e) => {
    const r = stage.getBoundingClientRect()
    return ((e.clientX - r.left) / r.width) * 100
  }
  const near = (e) => Math.abs(share(e) - own.at) / 100 * stage.clientWidth < GRIP
  stage.onpointerdown = (e) => {
    if (e.button !== 0) return
    stage.setPointerCapture(e.pointerId)
    // A picture seen from close by is moved; its divider is moved by its handle.
    own.move = viewport.zoom > 1 && !near(e) ? drag(stage, e) : (now) => show(share(now))
    if (viewport.zoom === 1) show(share(e))
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
    else if (!zoomed(e.key)) return
    e.preventDefault()
  }
  own.leave ??= follow(stage, () => {
    find(".level").textContent = `${Number(viewport.zoom.toFixed(1))}×`
    find("button.out").disabled = find("button.whole").disabled = viewport.zoom === 1
    find("button.in").disabled = viewport.zoom === CLOSEST
  })
  return () => {
    own.leave?.()
    own.leave = null
  }
}
