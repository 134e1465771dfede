// One state per mounted picker: listeners outlive a rerun, so what they read is replaced, not they.
const mounted = new WeakMap()
const PAUSE = 250
// SR pixels a side from which a picture is looked at from close by, and those that then fill its width.
const LARGE = 512, CLOSEST = 64
const LENS = 132, LENS_ZOOM = 3

export default function ({ data, parentElement, setStateValue }) {
  const find = (name) => parentElement.querySelector(name)
  const stage = find(".stage"), img = find(".plane img"), picked = find(".picked"), ghost = find(".ghost"), field = find(".field")
  const lens = find(".lens")
  const picker = mounted.get(parentElement) ?? { view: new Viewport() }
  mounted.set(parentElement, picker)
  const view = picker.view
  const { src, width, height, x, y, size, step, field: shown, label, colour, hotkeys, marks } = JSON.parse(data.json)
  const all = { width, height }

  for (const one of parentElement.querySelectorAll("img")) if (one.src !== src) one.src = src
  img.alt = label
  stage.setAttribute("aria-label", `${label}. Arrow keys move the window, plus and minus zoom, Enter computes.`)
  stage.style.setProperty("--frame-colour", colour)
  stage.style.aspectRatio = `${width} / ${height}`
  find(".bar").hidden = Math.max(width, height) < LARGE
  view.closest = Math.max(4, width / CLOSEST)
  view.open({ about: src, x: 0.5, y: 0.5, share: 1 })

  const clamp = (value, limit) =>
    Math.min(Math.max(Math.round(value / step), 0), Math.floor((limit - size) / step)) * step
  const at = (left, top) => ({ x: clamp(left, width), y: clamp(top, height) })
  const under = (e) => {
    const point = view.under(stage, e)
    const left = point.x * width - size / 2, top = point.y * height - size / 2
    const mark = marks.find(([x, y]) => Math.max(Math.abs(x - left), Math.abs(y - top)) <= size / 2)
    return mark ? { x: mark[0], y: mark[1] } : at(left, top)
  }
  const middle = ({ x, y }) => [(x + size / 2) / width, (y + size / 2) / height]
  const show = (origin) => {
    picker.origin = origin
    frame(picked, { ...origin, size, ...all })
  }
  const report = (compute) => {
    clearTimeout(picker.timer)
    setStateValue("pick", { ...picker.origin, compute, stamp: `${Date.now()}-${Math.random()}` })
  }
  const press = (key) => setStateValue("key", { key, stamp: `${Date.now()}-${Math.random()}` })

  // SR pixels under one of the screen's: where there are several, a lens shows them one by one.
  const pixelsUnderOne = () => width / view.zoom / stage.clientWidth
  const magnify = (origin, { clientX, clientY }) => {
    lens.hidden = pixelsUnderOne() <= 1 || !img.naturalWidth
    if (lens.hidden) return
    const r = stage.getBoundingClientRect()
    lens.classList.toggle("on-the-left", clientX > (r.left + r.right) / 2)
    lens.classList.toggle("below", clientY < (r.top + r.bottom) / 2)
    const sharp = devicePixelRatio, zoom = Math.min(LENS_ZOOM, LENS / 2 / size)
    const side = LENS / zoom
    lens.width = lens.height = LENS * sharp
    const pen = lens.getContext("2d")
    pen.imageSmoothingEnabled = false
    pen.scale(sharp * zoom, sharp * zoom)
    pen.translate(side / 2 - origin.x - size / 2, side / 2 - origin.y - size / 2)
    pen.drawImage(img, 0, 0, width, height)
    pen.lineWidth = 2 / zoom
    pen.strokeStyle = colour
    pen.strokeRect(origin.x - 1 / zoom, origin.y - 1 / zoom, size + 2 / zoom, size + 2 / zoom)
  }
  const leave = () => {
    ghost.style.display = "none"
    lens.hidden = true
  }

  // Buttons for the keyboard's sake: a pointer meets the picture below them.
  find(".marks").replaceChildren(
    ...marks.map(([x, y], i) => {
      const mark = document.createElement("button")
      mark.type = "button"
      mark.className = "box mark"
      mark.setAttribute("aria-label", `Marked window ${i + 1} of ${marks.length}`)
      frame(mark, { x, y, size, ...all })
      mark.onclick = () => { show({ x, y }); report(true) }
      return mark
    })
  )
  find(".marked").style.display = marks.length ? "inline" : "none"

  // While arrow keys are being pressed, or the window is dragged, the visitor knows better than an older answer.
  const given = `${x},${y},${size},${src.length}`
  if (picker.given !== given) {
    picker.given = given
    clearTimeout(picker.timer)
    // The window may lie between the places that can be chosen here.
    if (!picker.dragging) show({ x, y })
  }
  field.style.display = shown ? "block" : "none"
  if (shown) frame(field, { x: shown[0], y: shown[1], w: shown[2], h: shown[3], ...all })

  zoomed(view, stage)
  const zoom = stage.onwheel
  stage.onwheel = (e) => {
    zoom(e)
    if (e.ctrlKey || e.metaKey || view.zoom === 1) return
    // From close by the wheel moves the picture, and at its edge the page.
    const before = view.y
    view.pan(stage, -e.deltaX, -e.deltaY)
    if (view.y !== before || e.deltaX) e.preventDefault()
  }
  overview(view, find(".whole"))
  find(".whole").style.aspectRatio = `${width} / ${height}`
  const closer = (factor) => view.look(view.zoom * factor, ...middle(picker.origin))
  find(".window").onclick = () => view.look(Math.min(width, height) / (4 * size), ...middle(picker.origin))
  find(".all").onclick = () => view.look(1)
  find(".out").onclick = () => closer(1 / ZOOM_STEP)
  find(".in").onclick = () => closer(ZOOM_STEP)
  picker.zoomed = () => {
    find(".level").textContent = `${Number(view.zoom.toFixed(1))}×`
    find(".out").disabled = find(".all").disabled = view.zoom === 1
    find(".in").disabled = view.zoom === view.closest
    lens.hidden ||= pixelsUnderOne() <= 1
  }
  picker.zoomed()
  picker.leave ??= [follow(view, stage, () => picker.zoomed()), follow(view, find(".bar"))]

  stage.onpointerdown = (e) => {
    stage.setPointerCapture(e.pointerId)
    if (view.zoom > 1 && (e.button === 1 || e.shiftKey)) {
      e.preventDefault()
      picker.move = drag(view, stage, e)
      return leave()
    }
    if (e.button !== 0) return
    picker.dragging = true
    picker.before = picker.origin
    show(under(e))
    magnify(picker.origin, e)
  }
  stage.onpointermove = (e) => {
    if (picker.move) return picker.move(e)
    const origin = under(e)
    if (picker.dragging) show(origin)
    else if (e.pointerType === "mouse") {
      ghost.style.display = "block"
      frame(ghost, { ...origin, size, ...all })
    } else return
    magnify(origin, e)
  }
  stage.onpointerup = (e) => {
    picker.move = null
    if (!picker.dragging) return
    picker.dragging = false
    leave()
    show(under(e))
    report(true)
    // On a phone the results lie below what a tap was on.
    const results = e.pointerType === "touch" && document.querySelector(".st-key-results")
    if (results && results.getBoundingClientRect().top > innerHeight * 0.8) results.scrollIntoView({ behavior: "smooth" })
  }
  stage.onpointercancel = () => {
    // The finger scrolls the page, or a second one zooms: nothing was picked.
    if (picker.dragging) show(picker.before)
    picker.dragging = false
    picker.move = null
    leave()
  }
  stage.onpointerleave = leave
  stage.onkeydown = (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return
    const way = PAN[e.key]
    if (way) {
      // A step is one pixel of the screen, or with Shift a sixteenth of what is seen: the closer, the finer.
      const seen = Math.min(width, height) / view.zoom
      const n = Math.max(step, Math.round(e.shiftKey ? Math.max(size, seen / 16) : pixelsUnderOne()))
      show(at(picker.origin.x + n * way[0], picker.origin.y + n * way[1]))
      const [cx, cy] = middle(picker.origin), half = 0.5 / view.zoom
      if (Math.abs(cx - view.x) > half || Math.abs(cy - view.y) > half) view.look(view.zoom, cx, cy)
      clearTimeout(picker.timer)
      picker.timer = setTimeout(() => {
        find(".spoken").textContent = `Window at ${picker.origin.x}, ${picker.origin.y} of ${width} by ${height}`
        report(false)
      }, PAUSE)
    } else if (e.key === "+" || e.key === "=") closer(ZOOM_STEP)
    else if (!zoomedBy(view, e.key)) return
    e.preventDefault()
  }

  picker.onkey = (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || e.repeat) return
    const target = e.composedPath()[0]
    const own = target === stage
    if (!own && !hotkeys) return
    if (!own && target.closest?.("input, textarea, select, button, a, summary, [contenteditable], [role]:not(main)")) return
    if (e.key === "Enter") report(true)
    else if (/^[1-8]$/.test(e.key)) press(e.key)
  }
  if (!picker.listener) {
    picker.listener = (e) => picker.onkey(e)
    document.addEventListener("keydown", picker.listener)
  }
  return () => {
    clearTimeout(picker.timer)
    document.removeEventListener("keydown", picker.listener)
    picker.listener = null
    for (const leave of picker.leave ?? []) leave()
    picker.leave = null
  }
}
