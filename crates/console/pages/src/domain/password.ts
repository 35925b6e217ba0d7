// What a new password must be, and how hard it is to guess.

export const PASSWORD_LEAST = 12;
export const PASSWORD_MOST = 200;

/** `short` and `long` break the rule, as does `name`; the others are a judgement, and the last is the best. */
export type Strength = "empty" | "short" | "long" | "name" | "guessable" | "fair" | "strong";

/** Characters that say something new: not one more of a row such as `aaaa`, `1234` or `dcba`. */
function telling(text: string): number {
  const codes = Array.from(text, (letter) => letter.codePointAt(0) ?? 0);
  return codes.filter((code, i) => i === 0 || Math.abs(code - (codes[i - 1] ?? 0)) > 1).length;
}

/** What every list of passwords begins with, as people spell it. */
const COMMON = ["password", "passwort", "fairlead", "qwerty", "qwertz", "letmein", "welcome", "iloveyou", "admin"];

export function strength(password: string, name: string): Strength {
  const letters = Array.from(password).length;
  if (letters === 0) return "empty";
  if (letters < PASSWORD_LEAST) return "short";
  if (letters > PASSWORD_MOST) return "long";
  const lower = password.toLowerCase();
  const own = name.trim().toLowerCase();
  if (lower === own) return "name";
  const known = [...COMMON, ...(own.length > 2 ? [own] : [])];
  const unknown = known.reduce((left, word) => left.replaceAll(word, ""), lower);
  // Said twice is as good as said once.
  const rest = unknown.replace(/(.{3,})\1+/gu, "$1");
  const different = new Set(rest).size;
  const worth = telling(rest);
  if (different < 6 || worth < 8) return "guessable";
  return worth < 16 || different < 8 ? "fair" : "strong";
}

/** Whether the rule is kept. */
export function keepsRule(strength: Strength): boolean {
  return strength === "guessable" || strength === "fair" || strength === "strong";
}
