// A route as the sentence that it is, with what it is about emphasised.
import { STRONG } from "../domain/routes";

export function Emphasised({ text }: { text: string }) {
  return text.split(STRONG).map((part, i) => (i % 2 === 1 ? <b key={i}>{part}</b> : part));
}
