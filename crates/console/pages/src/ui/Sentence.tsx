// A sentence of the server; what it quotes in backticks is set as the exact text that it is.

export function Sentence({ text }: { text: string }) {
  return text.split("`").map((part, i) =>
    i % 2 === 1 ? (
      <code key={i} className="mono">
        {part}
      </code>
    ) : (
      part
    ),
  );
}
