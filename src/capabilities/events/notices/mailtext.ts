import type { Notice } from './notice.ts';

/** A notice as plain text, in lines that end with a line feed. */
export function plainText({ title, facts, block, link, closing }: Notice): string {
  return [
    title,
    '',
    ...facts.map(([name, value]) => `${name}: ${value}`),
    ...(block ? ['', `${block.name}:`, ...block.text.split('\n').map((line) => `  ${line}`)] : []),
    ...(link ? ['', `${link.name}: ${link.url}`] : []),
    ...(closing === undefined ? [] : ['', closing]),
    '',
  ].join('\n');
}

/** The same as HTML: nothing of it is loaded from anywhere, and whatever somebody wrote stays text. */
export function htmlText({ title, facts, block, link, closing }: Notice): string {
  const rows = facts.map(([name, value]) => `<tr><td>${escaped(name)}&nbsp;</td><td>${escaped(value)}</td></tr>`);
  return [
    '<!doctype html><html><body style="font-family:sans-serif">',
    `<h3>${escaped(title)}</h3><table>${rows.join('')}</table>`,
    block ? `<p>${escaped(block.name)}</p><pre style="background:#eee;padding:8px">${escaped(block.text)}</pre>` : '',
    link ? `<p><a href="${escaped(link.url)}">${escaped(link.name)}</a></p>` : '',
    closing === undefined ? '' : `<p>${escaped(closing)}</p>`,
    '</body></html>',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
