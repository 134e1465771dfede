const mounted = new WeakMap()

export default function ({ data, parentElement }) {
  const find = (name) => parentElement.querySelector(name)
  const own = mounted.get(parentElement) ?? {}
  mounted.set(parentElement, own)
  const { x, y, size, width, height, opening } = JSON.parse(data.json)
  find(".window").onclick = () => linked.look(Math.min(width, height) / (4 * size), (x + size / 2) / width, (y + size / 2) / height)
  find(".area").onclick = () => linked.look(1 / opening.share, opening.x, opening.y)
  find(".all").onclick = () => linked.look(1)
  find(".out").onclick = () => linked.look(linked.zoom / ZOOM_STEP)
  find(".in").onclick = () => linked.look(linked.zoom * ZOOM_STEP)
  own.leave ??= follow(linked, find(".group"), () => {
    find(".level").textContent = `${Number(linked.zoom.toFixed(1))}×`
    find(".out").disabled = find(".all").disabled = linked.zoom === 1
    find(".in").disabled = linked.zoom === linked.closest
  })
  return () => {
    own.leave?.()
    own.leave = null
  }
}
