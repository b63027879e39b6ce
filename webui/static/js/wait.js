// Waits for a job: asks often at first, then now and then, and shows the result when it is there.

// Of a short job, whose end a person sees, the last moments are asked for most often.
const NEARLY = 0.9;

// `page`: the address that tells how far it is, and what is said where that cannot be asked.
export function waitFor(page) {
  const [bar, step, percent, unserved] = ["progress", "step", "percent", "unserved"].map((id) => document.getElementById(id));
  const began = Date.now();
  let nearly = false;
  const look = async () => {
    try {
      const answer = await fetch(page.state);
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      if (now.over) { location.reload(); return; }
      bar.value = now.progress;
      if (percent) percent.textContent = `${Math.floor(100 * now.progress)} %`;
      step.textContent = now.step;
      nearly = now.progress >= NEARLY;
      if (unserved) unserved.hidden = now.served;
    } catch {
      step.textContent = page.words.waiting;
    }
    setTimeout(look, Date.now() - began < 10_000 ? (nearly ? 60 : 250) : 1500);
  };
  setTimeout(look, 150);
}

const wait = document.getElementById("wait");
if (wait?.dataset.page) waitFor(JSON.parse(wait.dataset.page));
