// Agencies: copy a key, leave out fields that would tell a moved place, and watch a package.

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const word = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      // Without HTTPS there is no clipboard: what is selected can be copied by hand.
      getSelection().selectAllChildren(source);
      if (!document.execCommand("copy")) return;
    }
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = word; }, 2000);
  });
}

for (const layer of document.querySelectorAll("[data-layer]")) {
  const snap = layer.querySelector("[data-snap]");
  if (!snap) continue;
  const note = layer.querySelector("[data-moved]");
  const write = layer.querySelector('input[name^="write-"]');
  const tell = () => {
    const moved = snap.value !== "exact";
    note.hidden = !moved || !layer.querySelector("[data-telling]");
    // A field that is switched off is not sent, and comes back as it was.
    for (const box of layer.querySelectorAll("[data-telling] input")) box.disabled = moved;
    if (write) write.disabled = moved;
  };
  snap.addEventListener("change", tell);
  addEventListener("pageshow", tell);
  tell();
}

const watched = [...document.querySelectorAll("[data-progress]")];
const look = async () => {
  for (const row of watched) {
    const answer = await fetch(row.dataset.progress).catch(() => null);
    if (!answer?.ok) continue;
    const { state, rows, expected } = await answer.json();
    if (state !== "waiting" && state !== "running") {
      location.reload();
      return;
    }
    const bar = row.querySelector("progress");
    if (expected) {
      bar.max = expected;
      bar.value = rows;
    }
  }
  setTimeout(look, 2000);
};
if (watched.length) setTimeout(look, 1000);
