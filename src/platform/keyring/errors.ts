import { defineError } from '../../kernel/errors.ts';

export const SecretUnknown = defineError('SECRET_UNKNOWN', {
  status: 500,
  category: 'internal',
  retryable: false,
  message:
    'FAIRLEAD_SECRET is not the secret that this database was used with: it has the id {given}, and what is sealed here has {wanted}. With this one no API key counts, and no token and no setting that is sealed can be read.',
  action:
    'Give the right one (FAIRLEAD_SECRET, FAIRLEAD_SECRET_FILE, or the file `secret` in the data folder); to change it, give the old one beside it (FAIRLEAD_OTHER_SECRETS). If it is lost, `fairlead secrets forget` lets the server start without it, and says what is lost.',
});

export const keyringErrors = [SecretUnknown];
