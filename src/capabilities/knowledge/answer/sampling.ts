import type { CallerLink } from '../../../kernel/call.ts';
import { isObject, type Json } from '../../../kernel/json.ts';
import { type ChatModel, ChatModelFailed } from '../../../platform/models/index.ts';

const mostTokens = 2_000;
/** A person may be asked for consent first. */
const patienceMs = 120_000;
const name = "of the caller's client";

/** The model of whoever calls, by MCP's sampling; undefined where its client does not offer it. */
export function callersModel(link: CallerLink): ChatModel | undefined {
  if (link.era === 'none' || !isObject(link.capabilities.sampling)) return undefined;
  return {
    async complete({ system, prompt }, signal) {
      const tooLong = AbortSignal.timeout(patienceMs);
      const params = {
        messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
        systemPrompt: system,
        maxTokens: mostTokens,
      };
      const asked = link
        .ask({ method: 'sampling/createMessage', params }, AbortSignal.any([signal, tooLong]))
        .catch(() => {
          signal.throwIfAborted();
          const reason = tooLong.aborted ? `it takes longer than ${patienceMs} ms` : 'it refused';
          throw ChatModelFailed({ model: name, reason });
        });
      const { content, model, stopReason } = await asked;
      const text = textOf(content);
      if (text === undefined) throw ChatModelFailed({ model: name, reason: 'its answer is no text' });
      return { text, model: typeof model === 'string' ? model : name, isCut: stopReason === 'maxTokens' };
    },
  };
}

function textOf(content: Json | undefined): string | undefined {
  const parts = (Array.isArray(content) ? content : [content]).filter(
    (part) => isObject(part) && part.type === 'text' && typeof part.text === 'string',
  );
  return parts.length === 0 ? undefined : parts.map((part) => (isObject(part) ? part.text : '')).join('');
}
