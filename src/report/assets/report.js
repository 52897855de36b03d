// On paper every table is open; on the screen it is as the reader left it.
const closed = [];
addEventListener("beforeprint", () => document.querySelectorAll("details:not([open])").forEach((part) => { part.open = true; closed.push(part); }));
addEventListener("afterprint", () => closed.splice(0).forEach((part) => { part.open = false; }));
