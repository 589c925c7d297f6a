import type { Listed } from './format.ts';

/** Whether every word stands in its name, its title or its description. */
export function fits({ name, title = '', description }: Listed, words: readonly string[]): boolean {
  const text = `${name}\n${title}\n${description}`.toLowerCase();
  return words.every((word) => text.includes(word.toLowerCase()));
}

/** Those that a name means: the whole name, or its last part alone. */
export function meantBy(servers: readonly Listed[], name: string): Listed[] {
  const wanted = name.toLowerCase();
  return servers.filter((each) => {
    const whole = each.name.toLowerCase();
    return whole === wanted || (!wanted.includes('/') && whole.endsWith(`/${wanted}`));
  });
}
