import type { Notice } from './notice.ts';

/**
 * A notice in the markup of Slack, which Mattermost and Rocket.Chat read alike. What somebody wrote stands in code alone, where
 * nothing becomes a link, a mention or a picture.
 */
export function slackText({ title, facts, block, link, closing }: Notice): string {
  return [
    code(title),
    ...facts.map(([name, value]) => `*${name}:* ${code(value)}`),
    ...(block ? [`*${block.name}:*`, `\`\`\`\n${fenced(block.text)}\n\`\`\``] : []),
    ...(link ? [`<${escaped(link.url)}|${link.name}>`] : []),
    ...(closing === undefined ? [] : [closing]),
  ].join('\n');
}

function code(text: string): string {
  return `\`${escaped(text.replaceAll('`', "'"))}\``;
}

function fenced(text: string): string {
  return escaped(text.replaceAll('`', "'"));
}

/** The three characters that Slack's markup is made of. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
