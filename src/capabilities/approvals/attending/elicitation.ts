import type { CallerLink, InputRequest } from '../../../kernel/call.ts';
import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { readable } from '../../../kernel/readable.ts';

/** What is longer than a person reads in a dialogue is for the page. */
const longestShown = 4_000;

/** Whether the program that called can ask the person in front of it something by a form. */
export function canAsk({ era, capabilities: { elicitation } }: CallerLink): boolean {
  if (era === 'none' || !isObject(elicitation)) return false;
  // Before there were kinds of it, every one was a form.
  return Object.keys(elicitation).length === 0 || isObject(elicitation.form);
}

/** Asks for consent to a call; undefined where its arguments are too long to be shown. */
export function consentForm(tool: string, args: JsonObject): InputRequest | undefined {
  const shown = readable(JSON.stringify(args, null, 2));
  if (shown.length > longestShown) return undefined;
  return {
    method: 'elicitation/create',
    params: {
      mode: 'form',
      message: `Let ${tool} be called with just these arguments?\n${shown}`,
      requestedSchema: {
        type: 'object',
        properties: {
          consent: { type: 'boolean', title: `Call ${tool}`, description: 'Yes has the call made now, once.' },
        },
        required: ['consent'],
      },
    },
  };
}

/** What the person said; undefined where they said neither. */
export function saidIn(answer: unknown): boolean | undefined {
  if (!isObject(answer)) return undefined;
  if (answer.action === 'decline') return false;
  if (answer.action !== 'accept' || !isObject(answer.content)) return undefined;
  const { consent } = answer.content;
  return typeof consent === 'boolean' ? consent : undefined;
}
