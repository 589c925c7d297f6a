import { defineError } from '../../kernel/errors.ts';

export const ChatModelFailed = defineError('CHAT_MODEL_FAILED', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'The chat model "{model}" did not answer: {reason}.',
  action: 'Try again later, or do without: what the model would have read can be had by itself.',
});

export const modelsErrors = [ChatModelFailed];
