import { redacted, redactText } from '../../platform/telemetry/index.ts';

/**
 * Takes secrets out of a text. Beyond what logs need: what a log line hardly ever has and a tool's argument often, such
 * as a manifest's `password: x`, a command's `--token x`, and values of the configured names. Every quantifier is
 * bounded or followed by nothing that could fail, so that no text is costly.
 *
 * @param names further names whose values are secret
 */
export function secretText(names: readonly string[]): (text: string) => string {
  const own = names.map((name) => name.replace(/[^A-Za-z0-9]+/g, '[_. -]?')).filter((name) => /[A-Za-z0-9]/.test(name));
  const usual = ['pass(?:word|wd|phrase|code)', 'pwd', 'secret', 'token', '(?:api|access|private|signing)[_-]?key'];
  const anyName = `(?:${[...usual, ...own].join('|')})`;
  const key = `(?:-[ \\t]{1,8})?["']?[\\w.-]{0,60}${anyName}["']?[ \\t]{0,8}:`;

  const line = new RegExp(`^([ \\t]{0,80}${key}[ \\t]{1,8})(?![|>][-+\\d]{0,2}[ \\t]*$)(\\S.*)$`, 'gim');
  const block = new RegExp(
    `^(([ \\t]{0,80})${key}[ \\t]{0,8}[|>][-+\\d]{0,2}[ \\t]*\\n)(?:\\2[ \\t]+[^\\n]*\\n?)+`,
    'gim',
  );
  const flag = new RegExp(`((?<![\\w-])--?[\\w-]{0,40}${anyName}[ \\t]{1,8})("[^"]*"?|'[^']*'?|[^\\s"']+)`, 'gi');
  const quoted = `"(?:[^"\\\\]|\\\\.)*"?|'[^']*'?|\\\\"[^"\\\\]*|[^\\s"',;&]+`;
  const ownValue = new RegExp(`(${own.join('|')})(\\\\?["']?[ \\t]{0,8}[=:][ \\t]{0,8})(${quoted})`, 'gi');

  return (text) => {
    let rest = redactText(text);
    if (rest.includes(':')) {
      rest = rest.replace(block, `$1$2  ${redacted}\n`).replace(line, `$1${redacted}`);
      if (kubernetesSecret.test(rest)) rest = rest.replace(kubernetesData, hideData);
    }
    if (rest.includes('-')) rest = rest.replace(flag, `$1${redacted}`);
    return own.length > 0 ? rest.replace(ownValue, `$1$2${redacted}`) : rest;
  };
}

/** In a manifest of this kind the names under `data` are anybody's choice, and all their values secret. */
const kubernetesSecret = /^[ \t]*["']?kind["']?[ \t]*:[ \t]*["']?Secret\b/m;
const kubernetesData = /^([ \t]{0,80})((?:stringD|d)ata:[ \t]*\n)((?:\1[ \t]+[^\n]*\n?)+)/gm;

function hideData(_: string, indent: string, head: string, lines: string): string {
  return `${indent}${head}${lines.replace(/^([ \t]*[^\s:]+:).*$/gm, `$1 ${redacted}`)}`;
}
