import type { Clock } from '../../kernel/clock.ts';
import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import type { Redactor } from './redact.ts';
import type { AskedQuestion, CallIntent, KeptCall, KeptQuestion, Question } from './types.ts';

/** What one call has asked its caller so far. */
export interface Questions {
  ask(question: Question, persist: (intent: CallIntent) => Promise<void>): AskedQuestion;
  kept(): Pick<KeptCall, 'questions' | 'moreQuestions'>;
}

export interface QuestionsOptions {
  redactor: Redactor;
  /** All that is kept of the questions of one call is at most this long, and so is all that is kept of its answers. */
  maxBytes: number;
  clock: Clock;
}

/** A call that asks more often, such as one that samples for each of a thousand files, has the rest only counted. */
const maxKept = 50;

export function createQuestions({ redactor, maxBytes, clock }: QuestionsOptions): Questions {
  const questions: KeptQuestion[] = [];
  const more = new Map<string, number>();
  // Apart, so that no upstream can have an answer cut by asking at length.
  const left = { params: maxBytes, answer: maxBytes };

  const part = <N extends 'params' | 'answer'>(name: N, value: unknown) => {
    const { kept, digest, bytes } = redactor.body(value, left[name]);
    left[name] -= Math.min(left[name], Buffer.byteLength(JSON.stringify(kept)));
    return {
      [name]: kept,
      ...(digest === undefined ? {} : { [`${name}Digest`]: digest }),
      ...(bytes === undefined ? {} : { [`${name}Bytes`]: bytes }),
    } as { [name in N]: Json };
  };

  const count = (what: string) => void more.set(what, (more.get(what) ?? 0) + 1);

  return {
    ask({ method, params }, persist) {
      if (questions.length >= maxKept) {
        return {
          async answered(_, answer) {
            const action = actionOf(method, answer);
            count(action === undefined ? method : `${method} ${redactor.id(action)}`);
          },
          unanswered: () => count(`${method} unanswered`),
        };
      }
      const question: KeptQuestion = { method, askedAt: clock.now(), ...part('params', params) };
      questions.push(question);
      return {
        async answered(intent, answer) {
          question.answeredAt = clock.now();
          const action = actionOf(method, answer);
          if (action !== undefined) question.action = redactor.id(action);
          const given = action === undefined ? answer : answer.content;
          if (given !== undefined) Object.assign(question, part('answer', given));
          await persist(intent);
        },
        unanswered(reason) {
          question.unanswered = redactor.id(reason);
        },
      };
    },

    kept: () => ({
      ...(questions.length > 0 ? { questions } : {}),
      ...(more.size > 0 ? { moreQuestions: Object.fromEntries(more) } : {}),
    }),
  };
}

/** What a person did with a form: accept, decline or cancel. */
function actionOf(method: Question['method'], answer: JsonObject): string | undefined {
  return method === 'elicitation/create' && isObject(answer) && typeof answer.action === 'string'
    ? answer.action
    : undefined;
}
