// What was uploaded with a message: pictures as pictures, everything else as a link.
import type { Uploaded } from "./types";

export function Files({ files }: { files: Uploaded[] }) {
  return files.map((file) =>
    file.mimetype.startsWith("image/") ? (
      <a key={file.id} href={file.url_private} target="_blank" rel="noreferrer" title="Open the picture">
        <img className="uploaded" src={file.url_private} alt={file.alt_txt || file.title} />
      </a>
    ) : (
      <a key={file.id} href={file.url_private} download>
        {file.title}
      </a>
    ),
  );
}
