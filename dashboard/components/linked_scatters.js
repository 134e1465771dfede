// Panels side by side over the same pictures: what is pointed at or selected in one is so in all, without the server.
const mounted = new WeakMap()
const SVG = "http://www.w3.org/2000/svg"
const BOX = 400, MARGIN = 22, NEAR = 14

const polygon = (count, inner, turn = -Math.PI / 2) =>
  Array.from({ length: inner ? 2 * count : count }, (_, i) => {
    const radius = inner && i % 2 ? inner : 1
    const angle = turn + (i * 2 * Math.PI) / (inner ? 2 * count : count)
    return [radius * Math.cos(angle), radius * Math.sin(angle)]
  })
const cross = [[-1, -0.36], [-0.36, -0.36], [-0.36, -1], [0.36, -1], [0.36, -0.36], [1, -0.36],
  [1, 0.36], [0.36, 0.36], [0.36, 1], [-0.36, 1], [-0.36, 0.36], [-1, 0.36]]
const turned = (points, angle) => points.map(([x, y]) =>
  [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)])
const OUTLINES = {
  circle: polygon(24),
  square: turned(polygon(4), Math.PI / 4),
  diamond: polygon(4).map(([x, y]) => [1.12 * x, 1.12 * y]),
  "triangle-up": polygon(3).map(([x, y]) => [1.15 * x, 1.15 * y + 0.15]),
  star: polygon(5, 0.42).map(([x, y]) => [1.25 * x, 1.25 * y]),
  cross,
  x: turned(cross, Math.PI / 4),
  pentagon: polygon(5),
  hexagram: polygon(6, 0.58).map(([x, y]) => [1.15 * x, 1.15 * y]),
}
const outline = (shape, radius) =>
  `M${(OUTLINES[shape] ?? OUTLINES.circle).map(([x, y]) => `${(x * radius).toFixed(2)},${(y * radius).toFixed(2)}`).join("L")}Z`

const drawn = (name, attributes = {}) => {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}
const made = (name, text = "", kind = "") => {
  const element = document.createElement(name)
  if (text) element.textContent = text
  if (kind) element.className = kind
  return element
}
const inside = ([x, y], path) => {
  let within = false
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [a, b] = path[i], [c, d] = path[j]
    if (b > y !== d > y && x < ((c - a) * (y - b)) / (d - b) + a) within = !within
  }
  return within
}
const fitted = (flat) => {
  const xs = flat.filter((_, i) => i % 2 === 0), ys = flat.filter((_, i) => i % 2)
  const low = [Math.min(...xs), Math.min(...ys)], high = [Math.max(...xs), Math.max(...ys)]
  const span = Math.max(high[0] - low[0], high[1] - low[1]) || 1
  const unit = (BOX - 2 * MARGIN) / span
  return xs.map((x, i) => [
    BOX / 2 + (x - (low[0] + high[0]) / 2) * unit,
    BOX / 2 - (ys[i] - (low[1] + high[1]) / 2) * unit,
  ])
}

export default function ({ data, parentElement, setStateValue }) {
  const find = (name) => parentElement.querySelector(name)
  const root = find(".linked"), panels = find(".panels"), controls = find(".controls"), tiles = find(".tiles")
  const tip = find(".tip"), count = find(".count"), clear = find(".clear"), legend = find(".legend")
  const given = JSON.parse(data.json)
  const { pictures, contents, content_of: contentOf, degradations, sprite, columns, palette, shapes, colour } = given
  const k = degradations.length, n = pictures.length
  const state = mounted.get(parentElement) ?? { selected: new Set(given.selected) }
  mounted.set(parentElement, state)
  if (state.design !== given.design) {
    if (state.design) state.selected = new Set()
    state.design = given.design
    state.views = new Map()
    panels.replaceChildren()
    controls.replaceChildren()
  }

  const classes = (p) => colour === "content" ? [contentOf[Math.floor(p / k)], p % k] : [p % k, contentOf[Math.floor(p / k)]]
  const ink = (p) => palette[classes(p)[0] % palette.length]
  const shape = (p) => shapes[classes(p)[1] % shapes.length]
  const words = (p) => `${pictures[Math.floor(p / k)]} · ${contents[contentOf[Math.floor(p / k)]]} · ${degradations[p % k]}`
  const rows = Math.ceil((n * k) / columns)
  const show = (element, p, size) => {
    element.style.width = element.style.height = `${size}px`
    element.style.backgroundImage = `url(${sprite})`
    element.style.backgroundSize = `${columns * size}px ${rows * size}px`
    element.style.backgroundPosition = `${-(p % columns) * size}px ${-Math.floor(p / columns) * size}px`
  }

  const view = (panel) => {
    const kept = state.views.get(panel.id)
    if (kept) return kept
    const figure = made("figure")
    const caption = made("figcaption")
    const title = made("b"), tag = made("span", "", "tag"), note = made("span", "", "note")
    caption.append(title, tag, note)
    const svg = drawn("svg", { viewBox: `0 0 ${BOX} ${BOX}`, role: "img" })
    const trails = drawn("g", { class: "trails" }), dots = drawn("g"), loop = drawn("path", { class: "loop" })
    const ring = drawn("circle", { class: "ring", r: 12 })
    svg.append(trails, dots, ring, loop)
    figure.append(caption, svg)
    const points = Array.from({ length: n * k }, () => drawn("path", { class: "point" }))
    dots.append(...points)
    const one = { figure, title, tag, note, svg, trails, points, ring, loop, at: [] }
    state.views.set(panel.id, one)
    return one
  }

  const place = (panel) => {
    const one = view(panel)
    one.title.textContent = panel.title
    one.tag.textContent = panel.tag
    one.tag.hidden = !panel.tag
    one.note.textContent = panel.note
    one.svg.setAttribute("aria-label", panel.label)
    one.at = fitted(panel.points)
    const radius = panel.control ? 8.5 : 6
    one.points.forEach((point, p) => {
      point.setAttribute("d", outline(shape(p), radius))
      point.style.fill = ink(p)
      point.style.transform = `translate(${one.at[p][0].toFixed(1)}px, ${one.at[p][1].toFixed(1)}px)`
    })
    listen(one)
    return one.figure
  }

  const paint = () => {
    const { selected, hovered } = state
    const whole = [...selected].filter((p) => p % k === 0 && Array.from({ length: k }, (_, d) => p + d).every((q) => selected.has(q)))
    for (const one of state.views.values()) {
      one.points.forEach((point, p) => point.classList.toggle("faded", selected.size > 0 && !selected.has(p)))
      // A picture that is selected under every degradation is followed through them.
      one.trails.replaceChildren(...(whole.length <= 12 ? whole : []).map((p) => drawn("polyline", {
        points: Array.from({ length: k }, (_, d) => one.at[p + d].map((v) => v.toFixed(1)).join()).join(" "),
      })))
      one.ring.style.display = hovered === null || hovered === undefined ? "none" : "block"
      if (one.ring.style.display === "block" && one.at[hovered]) {
        one.ring.setAttribute("cx", one.at[hovered][0])
        one.ring.setAttribute("cy", one.at[hovered][1])
      }
    }
  }

  const summary = () => {
    const selected = [...state.selected]
    if (!selected.length) return "All pictures, clean. Point at one to find it in every panel."
    const tally = (names, of) => names.map((name, i) => [name, selected.filter((p) => of(p) === i).length])
      .filter(([, number]) => number).map(([name, number]) => `${number} ${name}`).join(", ")
    return `${selected.length} selected: ${tally(degradations, (p) => p % k)}; ${tally(contents, (p) => contentOf[Math.floor(p / k)])}.`
  }

  const list = () => {
    count.textContent = summary()
    clear.hidden = !state.selected.size
    const shown = state.selected.size ? [...state.selected].sort((a, b) => a % k - b % k || a - b) : pictures.map((_, i) => i * k)
    refill(tiles, shown.map((p) => {
      const tile = made("button")
      tile.type = "button"
      tile.title = words(p)
      tile.setAttribute("aria-label", words(p))
      show(tile, p, 44)
      tile.style.borderBottomColor = ink(p)
      tile.onpointerenter = tile.onfocus = () => { state.hovered = p; paint() }
      tile.onpointerleave = tile.onblur = () => { state.hovered = null; paint() }
      tile.onclick = () => select(family(p))
      return tile
    }))
  }

  const family = (p) => Array.from({ length: k }, (_, d) => Math.floor(p / k) * k + d)
  const select = (points, add = false) => {
    const same = points.length === state.selected.size && points.every((p) => state.selected.has(p))
    state.selected = same ? new Set() : new Set(add ? [...state.selected, ...points] : points)
    paint()
    list()
    marks()
    setStateValue("selection", { points: [...state.selected], design: given.design })
  }
  clear.onclick = () => select([])

  const marks = () => {
    for (const chip of legend.querySelectorAll("button")) {
      const points = JSON.parse(chip.dataset.points)
      const on = points.length === state.selected.size && points.every((p) => state.selected.has(p))
      chip.setAttribute("aria-pressed", on)
    }
  }
  const group = (title, names, of, byColour) => {
    const row = made("div", "", "group")
    row.append(made("span", title))
    names.forEach((name, i) => {
      const chip = made("button")
      chip.type = "button"
      const svg = drawn("svg", { viewBox: "-8 -8 16 16", "aria-hidden": "true" })
      const mark = drawn("path", { d: outline(byColour ? "circle" : shapes[i % shapes.length], 6) })
      mark.style.fill = byColour ? palette[i % palette.length] : "currentColor"
      svg.append(mark)
      chip.append(svg, document.createTextNode(name))
      const points = Array.from({ length: n * k }, (_, p) => p).filter((p) => of(p) === i)
      chip.dataset.points = JSON.stringify(points)
      chip.onclick = (e) => select(points, e.shiftKey)
      row.append(chip)
    })
    return row
  }
  const ofDegradation = (p) => p % k, ofContent = (p) => contentOf[Math.floor(p / k)]
  const groups = [["degradation", degradations, ofDegradation], ["content", contents, ofContent]]
  if (colour === "content") groups.reverse()
  refill(legend, groups.map(([name, names, of], i) => group(`${i ? "Shape" : "Colour"}: ${name}`, names, of, !i)))

  const listen = (one) => {
    const at = (e) => {
      const r = one.svg.getBoundingClientRect()
      return [((e.clientX - r.left) / r.width) * BOX, ((e.clientY - r.top) / r.height) * BOX]
    }
    const nearest = ([x, y]) => {
      let best = null, least = NEAR ** 2 * (BOX / one.svg.getBoundingClientRect().width) ** 2
      one.at.forEach(([a, b], p) => {
        const distance = (a - x) ** 2 + (b - y) ** 2
        if (distance < least) { least = distance; best = p }
      })
      return best
    }
    const point = (e) => {
      const p = nearest(at(e))
      if (p === state.hovered) return
      state.hovered = p
      paint()
      tip.hidden = p === null
      if (p === null) return
      show(tip.firstElementChild, p, 112)
      tip.lastElementChild.textContent = words(p)
      const frame = root.getBoundingClientRect(), r = one.svg.getBoundingClientRect()
      const x = r.left - frame.left + (one.at[p][0] / BOX) * r.width, y = r.top - frame.top + (one.at[p][1] / BOX) * r.height
      tip.style.left = `${Math.min(Math.max(x + 14, 0), frame.width - 136)}px`
      tip.style.top = `${Math.max(y - 150, 0)}px`
    }
    let path = null
    one.svg.onpointerdown = (e) => {
      if (e.button !== 0) return
      path = [at(e)]
      if (e.pointerType !== "touch") one.svg.setPointerCapture(e.pointerId)
    }
    one.svg.onpointermove = (e) => {
      if (!path || e.pointerType === "touch") return point(e)
      path.push(at(e))
      if (path.length > 3) {
        tip.hidden = true
        one.loop.setAttribute("d", `M${path.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}Z`)
      }
    }
    one.svg.onpointerup = (e) => {
      const drawnPath = path
      path = null
      one.loop.setAttribute("d", "")
      if (!drawnPath) return
      const far = drawnPath.some(([x, y]) => Math.hypot(x - drawnPath[0][0], y - drawnPath[0][1]) > 8)
      if (far && e.pointerType !== "touch") {
        const points = one.at.flatMap((position, p) => inside(position, drawnPath) ? [p] : [])
        if (points.length) select(points, e.shiftKey)
        return
      }
      const p = nearest(at(e))
      if (p !== null) select(family(p), e.shiftKey)
      else if (state.selected.size) select([])
    }
    one.svg.onpointercancel = () => { path = null; one.loop.setAttribute("d", "") }
    one.svg.onpointerleave = () => { if (!path) { state.hovered = null; tip.hidden = true; paint() } }
  }

  const wanted = new Set(given.panels.map((panel) => panel.id))
  for (const [id, one] of state.views) if (!wanted.has(id)) { one.figure.remove(); state.views.delete(id) }
  const main = given.panels.filter((panel) => !panel.control), beside = given.panels.filter((panel) => panel.control)
  for (const [home, listed] of [[panels, main], [controls, beside]]) {
    const figures = listed.map(place)
    // Moved only where the order changed: a node that is put again starts no transition.
    if (figures.length !== home.children.length || figures.some((figure, i) => home.children[i] !== figure)) home.replaceChildren(...figures)
  }
  find(".apart").hidden = !beside.length
  paint()
  list()
  marks()
}
