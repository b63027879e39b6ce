// A table to type in: what was copied in a spreadsheet fills the fields from the one pasted into.

const form = document.getElementById("entry");
const page = JSON.parse(form.dataset.page);
const body = form.querySelector("tbody");
const said = document.getElementById("entry-said");
const more = document.getElementById("more-rows");

more.hidden = false;
more.addEventListener("click", () => {
  grow(body.rows.length + 10);
  body.rows[body.rows.length - 1].querySelector("input").focus();
});

body.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "");
  if (!/[\t\n]/.test(text)) return;
  event.preventDefault();
  const start = event.target.closest("td");
  const top = start.parentElement.sectionRowIndex;
  const left = start.cellIndex;
  const lines = cellsOf(text);
  grow(top + lines.length);
  const fitting = lines.slice(0, page.most - top);
  fitting.forEach((line, down) => {
    line.forEach((value, right) => {
      const field = body.rows[top + down].cells[left + right]?.querySelector("input");
      if (field) field.value = value.trim();
    });
  });
  said.textContent = fitting.length < lines.length
    ? page.words.cut.replace("{rows}", fitting.length)
    : page.words.pasted.replace("{rows}", lines.length);
});

// Fields that hold a tab or a line break are in quotation marks, with those inside doubled.
function cellsOf(text) {
  const lines = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const line = lines[lines.length - 1];
    const sign = text[i];
    if (quoted) {
      if (sign === '"' && text[i + 1] === '"') { line[line.length - 1] += '"'; i += 1; }
      else if (sign === '"') quoted = false;
      else line[line.length - 1] += sign === "\n" ? " " : sign;
    } else if (sign === '"' && line[line.length - 1] === "") quoted = true;
    else if (sign === "\t") line.push("");
    else if (sign === "\n") lines.push([""]);
    else line[line.length - 1] += sign;
  }
  return lines;
}

function grow(rows) {
  while (body.rows.length < Math.min(rows, page.most)) {
    const number = body.rows.length + 1;
    const row = body.rows[0].cloneNode(true);
    row.cells[0].textContent = number;
    for (const field of row.querySelectorAll("input")) {
      field.name = field.name.replace(/^\d+/, number);
      field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+$/, number));
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
      field.removeAttribute("value");
      field.value = "";
    }
    for (const fault of row.querySelectorAll(".fault")) fault.remove();
    body.append(row);
  }
  form.elements.rows.value = body.rows.length;
}
