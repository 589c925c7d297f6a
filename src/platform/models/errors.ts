import { defineError } from '../../kernel/errors.ts';

export const ModelFailed = defineError('MODEL_FAILED', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'The model "{model}" {reason}.',
  action: '{remedy}',
});

/** It is up to the texts: others may do. */
export const TextsRefused = defineError('MODEL_REFUSED_TEXTS', {
  status: 502,
  category: 'external_service',
  retryable: false,
  message: 'The model "{model}" refuses what it is asked ({status}).',
  action: 'Check url, model, dimensions and maxTokens of the model in the settings.',
});

export const ChatModelFailed = defineError('CHAT_MODEL_FAILED', {
  status: 502,
  category: 'external_service',
  retryable: true,
  message: 'The chat model "{model}" did not answer: {reason}.',
  action: 'Try again later, or do without: what the model would have read can be had by itself.',
});

export const modelErrors = [ModelFailed, TextsRefused, ChatModelFailed];
