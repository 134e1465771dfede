const MENDED = Symbol.for("lam.mended")

// Streamlit puts two entries into the history for a switch of pages with a query, and more where a page then completes
// the address. One action of the visitor is one entry, which later ones replace.
function oneEntryAnAction() {
  const push = history.pushState.bind(history)
  let acted = false
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => { acted = true }, { capture: true, passive: true })
  addEventListener("popstate", () => { acted = false })
  history.pushState = (...entry) => {
    if (acted) push(...entry)
    else history.replaceState(...entry)
    acted = false
  }
}

// Streamlit's drop zone can be focused, and says that it is decoration.
function nameDropZones() {
  for (const zone of document.querySelectorAll('[data-testid="stFileUploaderDropzone"][role="presentation"]')) {
    zone.setAttribute("role", "group")
    zone.setAttribute("aria-label", "Drop files here")
  }
}

export default function () {
  if (globalThis[MENDED]) return
  globalThis[MENDED] = true
  oneEntryAnAction()
  nameDropZones()
  new MutationObserver(nameDropZones).observe(document.body, { childList: true, subtree: true })
}
