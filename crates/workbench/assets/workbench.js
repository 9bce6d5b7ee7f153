// Keys and copying. Everything else works without it.
(() => {
  "use strict";

  const isTyping = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;

  const rows = () => [...document.querySelectorAll("[data-row]")];

  const move = (step) => {
    const all = rows();
    if (all.length === 0) return;
    const here = all.indexOf(document.activeElement);
    const next = here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + step));
    all[next].focus();
  };

  const follow = (selector) => {
    const link = document.querySelector(selector);
    if (link) link.click();
  };

  const actions = {
    "/": () => document.querySelector("input[type=search]")?.focus(),
    j: () => move(1),
    k: () => move(-1),
    n: () => follow("a[rel=next], button[data-next]"),
    p: () => follow("a[rel=prev], button[data-previous]"),
    h: () => follow("a.home"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  document.addEventListener("click", async (event) => {
    const skip = event.target.closest("[data-skip]");
    if (skip) {
      event.preventDefault();
      document.getElementById("content").focus();
      return;
    }
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(source.textContent);
    const label = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  });

  // Fields of one choice are shown when it is chosen.
  const choose = (select) => {
    for (const part of document.querySelectorAll(`[data-choice-of="${CSS.escape(select.id)}"]`)) {
      const isChosen = part.dataset.choice.split(" ").includes(select.value);
      part.hidden = !isChosen;
      for (const field of part.querySelectorAll("input, select, textarea")) field.disabled = !isChosen;
    }
  };
  const chooseAll = (root) => root.querySelectorAll("select[data-chooses]").forEach(choose);
  document.addEventListener("change", (event) => {
    if (event.target.matches("select[data-chooses]")) choose(event.target);
  });
  document.addEventListener("htmx:load", (event) => chooseAll(event.target));
  chooseAll(document);
})();
