const form = document.getElementById("filter");
const apply = () => {
  const text = form.elements.text.value.toLowerCase();
  for (const one of document.querySelectorAll("article")) {
    const chosen = form.elements[one.className].checked;
    one.hidden = !chosen || !one.textContent.toLowerCase().includes(text);
  }
};
form.addEventListener("input", apply);
form.addEventListener("submit", (event) => event.preventDefault());
