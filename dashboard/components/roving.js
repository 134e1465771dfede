// Makes buttons one stop of the Tab key: arrows, Home and End move among them. `first` is the stop at the beginning.
function roving(group, buttons, first = buttons[0]) {
  const stop = (chosen) => { for (const button of buttons) button.tabIndex = button === chosen ? 0 : -1 }
  stop(first)
  group.onfocusin = (e) => { if (buttons.includes(e.target)) stop(e.target) }
  group.onkeydown = (e) => {
    const now = buttons.indexOf(e.target)
    if (now < 0 || e.ctrlKey || e.metaKey || e.altKey) return
    const next = {
      ArrowRight: now + 1, ArrowDown: now + 1, ArrowLeft: now - 1, ArrowUp: now - 1, Home: 0, End: buttons.length - 1,
    }[e.key]
    if (next === undefined) return
    e.preventDefault()
    buttons[Math.min(Math.max(next, 0), buttons.length - 1)].focus()
  }
}

// Puts other children with buttons into a group; the focus stays on the button of the same name.
function refill(group, children) {
  const named = (button) => button.getAttribute("aria-label") ?? button.textContent
  const focused = group.getRootNode().activeElement
  const held = group.contains(focused) ? named(focused) : null
  group.replaceChildren(...children)
  const buttons = [...group.querySelectorAll("button")]
  const same = buttons.find((button) => named(button) === held)
  roving(group, buttons, same)
  same?.focus({ preventScroll: true })
}
