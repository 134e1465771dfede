// One state per mounted picker: listeners outlive a rerun, so what they read is replaced, not they.
const mounted = new WeakMap()
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const PAUSE = 250

export default function ({ data, parentElement, setStateValue }) {
  const find = (name) => parentElement.querySelector(name)
  const frame = find(".frame"), img = find("img"), picked = find(".picked"), ghost = find(".ghost"), field = find(".field")
  const picker = mounted.get(parentElement) ?? {}
  mounted.set(parentElement, picker)
  const { src, width, height, x, y, size, step, field: shown, label, colour, hotkeys } = JSON.parse(data.json)

  if (img.src !== src) img.src = src
  img.alt = label
  frame.setAttribute("aria-label", `${label}. Arrow keys move the window, Enter computes.`)
  frame.style.setProperty("--frame-colour", colour)

  const clamp = (value, limit) =>
    Math.min(Math.max(Math.round(value / step), 0), Math.floor((limit - size) / step)) * step
  const at = (left, top) => ({ x: clamp(left, width), y: clamp(top, height) })
  const under = (e) => {
    const r = frame.getBoundingClientRect()
    return at(((e.clientX - r.left) / r.width) * width - size / 2, ((e.clientY - r.top) / r.height) * height - size / 2)
  }
  const place = (box, x, y, w, h) => {
    box.style.display = "block"
    box.style.left = `${(x / width) * 100}%`
    box.style.top = `${(y / height) * 100}%`
    box.style.width = `${(w / width) * 100}%`
    box.style.height = `${(h / height) * 100}%`
  }
  const show = (origin) => {
    picker.origin = origin
    place(picked, origin.x, origin.y, size, size)
  }
  const report = (compute) => {
    clearTimeout(picker.timer)
    setStateValue("pick", { ...picker.origin, compute, stamp: `${Date.now()}-${Math.random()}` })
  }
  const press = (key) => setStateValue("key", { key, stamp: `${Date.now()}-${Math.random()}` })

  // While arrow keys are being pressed, or the window is dragged, the visitor knows better than an older answer.
  const given = `${x},${y},${size},${src.length}`
  if (picker.given !== given) {
    picker.given = given
    clearTimeout(picker.timer)
    // The window may lie between the places that can be chosen here.
    if (!picker.dragging) show({ x, y })
  }
  if (shown) place(field, ...shown)
  else field.style.display = "none"

  frame.onpointerdown = (e) => {
    if (e.button !== 0) return
    picker.dragging = true
    picker.before = picker.origin
    frame.setPointerCapture(e.pointerId)
    show(under(e))
  }
  frame.onpointermove = (e) => {
    if (picker.dragging) show(under(e))
    else if (e.pointerType === "mouse") { const o = under(e); place(ghost, o.x, o.y, size, size) }
  }
  frame.onpointerup = (e) => {
    if (!picker.dragging) return
    picker.dragging = false
    ghost.style.display = "none"
    show(under(e))
    report(true)
  }
  frame.onpointercancel = () => {
    // The finger scrolls the page: nothing was picked.
    if (picker.dragging) show(picker.before)
    picker.dragging = false
  }
  frame.onpointerleave = () => { ghost.style.display = "none" }
  frame.onkeydown = (e) => {
    const way = ARROWS[e.key]
    if (!way || e.ctrlKey || e.metaKey || e.altKey) return
    e.preventDefault()
    const n = e.shiftKey ? Math.max(size, step) : step
    show(at(picker.origin.x + n * way[0], picker.origin.y + n * way[1]))
    clearTimeout(picker.timer)
    picker.timer = setTimeout(() => report(false), PAUSE)
  }

  picker.onkey = (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || e.repeat) return
    const target = e.composedPath()[0]
    const own = target === frame
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
  }
}
