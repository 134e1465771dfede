// What part of the field all linked pictures of a page show: the zoom, and the centre in shares of width and height.
const viewport = (globalThis[Symbol.for("lam.viewport")] ??= Object.assign(new EventTarget(), { zoom: 1, x: 0.5, y: 0.5 }))
const CLOSEST = 16
const ZOOM_STEP = 1.5
const PAN_STEP = 0.1
const PAN = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

const within = (value, low, high) => Math.min(Math.max(value, low), high)

function look(zoom, x = viewport.x, y = viewport.y) {
  const half = 0.5 / within(zoom, 1, CLOSEST)
  Object.assign(viewport, { zoom: 0.5 / half, x: within(x, half, 1 - half), y: within(y, half, 1 - half) })
  viewport.dispatchEvent(new Event("change"))
}

// The point of the field under a pointer.
function under(stage, e) {
  const r = stage.getBoundingClientRect()
  return {
    x: viewport.x + ((e.clientX - r.left) / r.width - 0.5) / viewport.zoom,
    y: viewport.y + ((e.clientY - r.top) / r.height - 0.5) / viewport.zoom,
  }
}

// Zooms such that the point stays where it is.
function zoomAt(zoom, point) {
  const ratio = viewport.zoom / within(zoom, 1, CLOSEST)
  look(zoom, point.x + (viewport.x - point.x) * ratio, point.y + (viewport.y - point.y) * ratio)
}

// Shows the viewport on a stage, now and whenever it changes; `more` is told as well. Returns what ends that.
function follow(stage, more = () => {}) {
  const show = () => {
    stage.style.setProperty("--zoom", viewport.zoom)
    stage.style.setProperty("--left", `${(0.5 - viewport.x * viewport.zoom) * 100}%`)
    stage.style.setProperty("--top", `${(0.5 - viewport.y * viewport.zoom) * 100}%`)
    stage.classList.toggle("close", viewport.zoom > 1)
    more()
  }
  show()
  viewport.addEventListener("change", show)
  return () => viewport.removeEventListener("change", show)
}

// Lets a stage be zoomed by wheel with Ctrl, double click and keys. Returns whether a key was understood.
function steer(stage) {
  stage.onwheel = (e) => {
    if (!e.ctrlKey && !e.metaKey) return
    e.preventDefault()
    zoomAt(viewport.zoom * Math.exp(-e.deltaY / 200), under(stage, e))
  }
  stage.ondblclick = (e) => zoomAt(viewport.zoom > 1 ? 1 : 4, under(stage, e))
  return (key) => {
    if (key === "+" || key === "=") look(viewport.zoom * ZOOM_STEP)
    else if (key === "-") look(viewport.zoom / ZOOM_STEP)
    else if (key === "0") look(1)
    else return false
    return true
  }
}

// Drags the field along with the pointer, from where it was pressed.
function drag(stage, e) {
  const from = { x: viewport.x, y: viewport.y, left: e.clientX, top: e.clientY }
  const r = stage.getBoundingClientRect()
  return (now) => look(
    viewport.zoom,
    from.x - (now.clientX - from.left) / r.width / viewport.zoom,
    from.y - (now.clientY - from.top) / r.height / viewport.zoom,
  )
}

// Where the window lies, in shares of the field.
function frame(box, { x, y, size, width, height, colour }) {
  Object.assign(box.style, {
    left: `${(x / width) * 100}%`, top: `${(y / height) * 100}%`,
    width: `${(size / width) * 100}%`, height: `${(size / height) * 100}%`, borderColor: colour,
  })
}
