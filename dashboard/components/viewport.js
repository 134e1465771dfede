const ZOOM_STEP = 1.5
const PAN_STEP = 0.1
const PAN = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

const within = (value, low, high) => Math.min(Math.max(value, low), high)

// What part of a picture is shown: the zoom, and the centre in shares of width and height.
class Viewport extends EventTarget {
  zoom = 1
  x = 0.5
  y = 0.5
  closest = 16

  #show(zoom, x, y) {
    const half = 0.5 / within(zoom, 1, this.closest)
    Object.assign(this, { zoom: 0.5 / half, x: within(x, half, 1 - half), y: within(y, half, 1 - half) })
    this.dispatchEvent(new Event("change"))
  }

  // What the visitor wants to see.
  look(zoom, x = this.x, y = this.y) {
    this.touched = true
    this.#show(zoom, x, y)
  }

  // What is seen of something else than before, until the visitor has looked around in it.
  open({ about, x, y, share }) {
    if (this.about !== about) Object.assign(this, { about, touched: false })
    if (!this.touched) this.#show(1 / share, x, y)
  }

  // The point of the picture under a pointer on a stage.
  under(stage, { clientX, clientY }) {
    const r = stage.getBoundingClientRect()
    return {
      x: this.x + ((clientX - r.left) / r.width - 0.5) / this.zoom,
      y: this.y + ((clientY - r.top) / r.height - 0.5) / this.zoom,
    }
  }

  // Zooms such that the point stays where it is.
  zoomAt(zoom, point) {
    const ratio = this.zoom / within(zoom, 1, this.closest)
    this.look(zoom, point.x + (this.x - point.x) * ratio, point.y + (this.y - point.y) * ratio)
  }

  // Moves the picture by pixels of a stage.
  pan(stage, right, down) {
    const r = stage.getBoundingClientRect()
    this.look(this.zoom, this.x - right / r.width / this.zoom, this.y - down / r.height / this.zoom)
  }
}

// The one that all linked pictures of a page follow.
const linked = (globalThis[Symbol.for("lam.viewport")] ??= new Viewport())

// Shows a viewport on a stage, now and whenever it changes; `more` is told as well. Returns what ends that.
function follow(view, stage, more = () => {}) {
  const show = () => {
    const half = 0.5 / view.zoom
    const shown = { zoom: view.zoom, left: `${(0.5 - view.x * view.zoom) * 100}%`, top: `${(0.5 - view.y * view.zoom) * 100}%`,
      "from-x": `${(view.x - half) * 100}%`, "from-y": `${(view.y - half) * 100}%` }
    for (const [name, value] of Object.entries(shown)) stage.style.setProperty(`--${name}`, value)
    stage.classList.toggle("close", view.zoom > 1)
    more()
  }
  show()
  view.addEventListener("change", show)
  return () => view.removeEventListener("change", show)
}

// Lets a stage be zoomed by wheel with Ctrl and by two fingers, which also move the picture.
function zoomed(view, stage) {
  // WebKit keeps Ctrl and the wheel for the size of the page: there no hint names them.
  if (navigator.vendor.startsWith("Apple")) stage.parentNode.querySelector(".wheel")?.remove()
  stage.onwheel = (e) => {
    if (!e.ctrlKey && !e.metaKey) return
    e.preventDefault()
    view.zoomAt(view.zoom * Math.exp(-e.deltaY / 200), view.under(stage, e))
  }
  const grip = ({ touches: [a, b] }) => ({
    clientX: (a.clientX + b.clientX) / 2,
    clientY: (a.clientY + b.clientY) / 2,
    span: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
  })
  let before = null
  // One finger goes on scrolling the page.
  stage.ontouchstart = stage.ontouchend = (e) => {
    before = e.touches.length === 2 ? grip(e) : null
    if (!before) return
    e.preventDefault()
    // What the first finger began by itself is no drag.
    stage.onpointercancel?.(e)
  }
  stage.ontouchmove = (e) => {
    if (!before || e.touches.length !== 2) return
    e.preventDefault()
    const now = grip(e)
    view.pan(stage, now.clientX - before.clientX, now.clientY - before.clientY)
    view.zoomAt((view.zoom * now.span) / before.span, view.under(stage, now))
    before = now
  }
}

// Lets a key zoom; returns whether it was understood.
function zoomedBy(view, key) {
  if (key === "+" || key === "=") view.look(view.zoom * ZOOM_STEP)
  else if (key === "-") view.look(view.zoom / ZOOM_STEP)
  else if (key === "0") view.look(1)
  else return false
  return true
}

// Moves the picture along with the pointer.
function drag(view, stage, e) {
  let { clientX, clientY } = e
  return (now) => {
    view.pan(stage, now.clientX - clientX, now.clientY - clientY);
    ({ clientX, clientY } = now)
  }
}

// The whole picture in a corner: a press shows what lies there.
function overview(view, whole) {
  const to = (e) => {
    const r = whole.getBoundingClientRect()
    view.look(view.zoom, (e.clientX - r.left) / r.width, (e.clientY - r.top) / r.height)
  }
  whole.onpointerdown = (e) => {
    e.stopPropagation()
    whole.setPointerCapture(e.pointerId)
    to(e)
  }
  whole.onpointermove = (e) => { if (whole.hasPointerCapture(e.pointerId)) to(e) }
  whole.onpointerup = whole.ondblclick = (e) => e.stopPropagation()
}

// Puts a box where a window or a part of `w`×`h` lies, in shares of the picture; it stands beside the plane, so that its line stays thin.
function frame(box, { x, y, size, w = size, h = size, width, height }) {
  const share = { x: x / width, y: y / height, width: w / width, height: h / height }
  for (const [name, value] of Object.entries(share)) box.style.setProperty(`--${name}`, `${value * 100}%`)
}
