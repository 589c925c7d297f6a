import { defineError } from '../../kernel/errors.ts';

export const BodyTooLarge = defineError('BODY_TOO_LARGE', {
  status: 413,
  category: 'validation',
  retryable: false,
  message: 'The body holds more than {maxBytes} bytes.',
  action: 'Send less at once, or have the operator raise server.maxBodyBytes.',
});

export const WrongContentType = defineError('WRONG_CONTENT_TYPE', {
  status: 415,
  category: 'validation',
  retryable: false,
  message: 'The body is not declared as JSON.',
  action: 'Send JSON with the header "content-type: application/json".',
});

export const WrongFormType = defineError('WRONG_FORM_TYPE', {
  status: 415,
  category: 'validation',
  retryable: false,
  message: 'The body is not declared as a form with files.',
  action: 'Send it as multipart/form-data: curl does with -F, browsers do for a form with files.',
});

export const MethodNotAllowed = defineError('METHOD_NOT_ALLOWED', {
  status: 405,
  category: 'validation',
  retryable: false,
  message: 'This address does not take the method {method}.',
  action: 'Use one of: {allowed}.',
});

export const restErrors = [BodyTooLarge, WrongContentType, WrongFormType, MethodNotAllowed];
