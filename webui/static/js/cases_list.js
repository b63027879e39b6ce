// The list of cases: choose all, and how many are chosen.

const form = document.getElementById("chosen");
const all = document.getElementById("all");
if (form && all) {
  const { words } = JSON.parse(form.dataset.page);
  const boxes = [...form.querySelectorAll('input[name="case"]')];
  const button = document.getElementById("dispatch");
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    document.getElementById("chosen-count").textContent = count ? words.chosen_cases.replace("{count}", count) : "";
    button.disabled = count === 0;
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  };
  all.disabled = !boxes.length;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  form.addEventListener("change", tell);
  addEventListener("pageshow", tell);
  tell();
}
