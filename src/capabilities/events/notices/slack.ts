import type { SlackSettings } from '../../../config/schema.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Transport } from '../../../kernel/events.ts';
import type { Egress } from '../../../platform/http/index.ts';
import { answered, settled } from '../posting.ts';
import { type Notice, type NoticeDeps, noticeOf } from './notice.ts';

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

interface Deps extends NoticeDeps {
  egress: Pick<Egress, 'fetch'>;
  clock: Clock;
}

/** Posts what people read of an event to an incoming webhook of Slack, or of what takes the same messages. */
export function createSlack({ egress, clock, stillStands }: Deps): Transport<SlackSettings> {
  return {
    async deliver({ settings, isFromFile }, event, signal) {
      if (!(await stillStands(event))) return;
      const response = await answered(
        egress.fetch(settings.url, {
          method: 'POST',
          redirect: 'manual',
          guarded: !isFromFile,
          signal,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ text: slackText(noticeOf(event)), unfurl_links: false, unfurl_media: false }),
        }),
        signal,
      );
      await settled(response, clock);
    },
  };
}
