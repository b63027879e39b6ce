// Makes photos small before they are sent, for a slow line; where that fails they go as they are.

const LONGEST = 1600;
const MOST = 9;

export function shrinkPhotos(input, said, words) {
  input.addEventListener("change", async () => {
    const chosen = [...input.files];
    if (!chosen.length) return;
    const files = await Promise.all(chosen.slice(0, MOST).map(shrunk));
    const carrier = new DataTransfer();
    for (const file of files) carrier.items.add(file);
    input.files = carrier.files;
    const size = Math.ceil(files.reduce((sum, file) => sum + file.size, 0) / 1024);
    said.textContent = chosen.length > MOST
      ? words.too_many.replace("{count}", MOST)
      : words.photos.replace("{count}", files.length).replace("{kilobytes}", size);
  });
}

async function shrunk(file) {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(image.width * scale), Math.round(image.height * scale)];
    const context = canvas.getContext("2d");
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.82); });
    return blob && blob.size < file.size ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
  } catch {
    return file;
  }
}
