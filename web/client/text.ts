/** Texts that the wire can carry: half a character, cut out of an emoji, is none. */

const HALF_A_CHARACTER = /\p{Surrogate}/gu;

/** What `String.prototype.toWellFormed` does, also where it is not known yet. */
export function wellFormed(text: string): string {
  return text.replace(HALF_A_CHARACTER, '\ufffd');
}

/** Turns data into JSON whose texts are well-formed. */
export function toJson(data: unknown): string {
  return JSON.stringify(data, (_, value) =>
    typeof value === 'string' ? wellFormed(value) : value,
  );
}
