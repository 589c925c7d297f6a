/**
 * How many tokens a text has for a language model, by estimate: a tokenizer is 50 MB and every model has another one.
 * Weights fitted to o200k over READMEs, prose, code, CSV and JSON; a test holds it to the real one.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(measureTokens(text) - 1e-6); // what many small fractions add up to
}

/** The same, unrounded: those of parts add up to those of the whole. */
export function measureTokens(text: string): number {
  let tokens = 0;
  let letters = 0;
  let digits = 0;
  let marks = 0;
  let spaces = 1; // as after a line end: parts must not have fewer than the whole
  const settle = () => {
    if (letters > 0) tokens += letters <= 8 ? 1 : 1 + (letters - 8) / 5;
    if (digits > 0) tokens += Math.ceil(digits / 3);
    if (marks > 0) tokens += marks <= 3 ? 1 : 1 + (marks - 3) / 5;
    letters = digits = marks = 0;
  };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isLetter(code)) {
      // A capital after a small letter begins a word: camelCase.
      if (digits + marks > 0 || (letters > 0 && isCapital(code) && !isCapital(text.charCodeAt(at - 1)))) settle();
      if (spaces > 1) tokens += 1; // one blank belongs to the word after it
      spaces = 0;
      letters += code < 0x80 ? 1 : 1.4;
    } else if (code >= 0x30 && code <= 0x39) {
      if (letters + marks > 0) settle();
      if (spaces > 0) tokens += 1;
      spaces = 0;
      digits++;
    } else if (code <= 0x20 || code === 0xa0) {
      settle();
      if (code === 0x0a) {
        tokens += 0.5;
        spaces = 1;
      } else spaces++;
    } else if (code < 0x2e80) {
      if (letters + digits > 0) settle();
      if (spaces > 1) tokens += 1;
      spaces = 0;
      marks++;
    } else {
      settle();
      spaces = 0;
      tokens += 0.9; // Chinese, Japanese, Korean, emoji
    }
  }
  settle();
  return spaces > 1 ? tokens + 1 : tokens;
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0xc0 && code < 0x1fff);
}

function isCapital(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}
