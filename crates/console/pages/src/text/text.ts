// Finds a text of the catalogue, fills its gaps and picks its plural; keys and gaps are checked by the compiler.
import { en } from "./en";

type Catalogue = typeof en;
type Base<K> = K extends `${infer B}#one` | `${infer B}#other` ? B : K;

type Texts = { [K in keyof Catalogue as Base<K>]: Catalogue[K] };

/** A key of the catalogue; a pair `x#one`, `x#other` is one key `x` that takes `n`. */
export type Key = keyof Texts;

type Gaps<S> = S extends `${string}{${infer G}}${infer R}` ? G | Gaps<R> : never;
type Values<K extends Key> = { [G in Gaps<Texts[K]>]: string | number };

const plural = new Intl.PluralRules("en");
const whole = new Intl.NumberFormat("en");
const texts: Record<string, string> = en;

/** The text for `key`, with `{gap}`s filled from `values`. */
export function t<K extends Key>(key: K, ...values: Gaps<Texts[K]> extends never ? [] : [Values<K>]): string {
  const gaps = (values[0] ?? {}) as Record<string, string | number>;
  const text = texts[key] ?? texts[`${key}#${plural.select(Number(gaps.n ?? 0))}`] ?? texts[`${key}#other`] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, gap: string) => {
    const value = gaps[gap];
    return typeof value === "number" ? whole.format(value) : (value ?? "");
  });
}

/** The text for a word that the server sent, or the word itself where the catalogue does not know it. */
export function tWord(prefix: string, word: string): string {
  return texts[`${prefix}.${word}`] ?? word.replaceAll("_", " ");
}
