// Waits for a run: asks often at first, then now and then, and shows the result when it is there.

const wait = document.getElementById("wait");
if (wait) {
  const page = JSON.parse(wait.dataset.page);
  const [bar, step, unserved] = ["progress", "step", "unserved"].map((id) => document.getElementById(id));
  const began = Date.now();
  const look = async () => {
    try {
      const answer = await fetch(page.state);
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      if (now.over) { location.reload(); return; }
      bar.value = now.progress;
      step.textContent = now.step;
      unserved.hidden = now.served;
    } catch {
      step.textContent = page.words.waiting;
    }
    setTimeout(look, Date.now() - began < 10_000 ? 250 : 1500);
  };
  setTimeout(look, 150);
}
