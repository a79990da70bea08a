import { refuse, type Where } from './definition-error.ts';
import {
  anyText,
  expression,
  listOf,
  number,
  objectOf,
  oneOf,
  orNull,
  plainText,
  resultPath,
  template,
  wholeNumber,
  type FieldCheck,
  type FieldChecks,
} from './field-checks.ts';
import { reservedErrors } from './state-error.ts';

/** Fields that several types of states share. */
export const described: FieldChecks = { Type: anyText, Comment: anyText, QueryLanguage: oneOf('JSONPath') };
export const filtered: FieldChecks = { InputPath: orNull(expression), OutputPath: orNull(expression) };
export const continued: FieldChecks = { Next: anyText, End: oneOf(true) };
export const resulting: FieldChecks = { ResultPath: orNull(resultPath) };

const longest = 99_999_999;
export const seconds = wholeNumber(1, longest);

const errorName: FieldCheck = (value, where) => {
  plainName(value, where);
  const reserved: readonly unknown[] = reservedErrors;
  if (String(value).startsWith('States.') && !reserved.includes(value)) {
    refuse(
      where,
      `${String(value)} is not an error that can be caught here (known: ${reservedErrors.join(', ')})`,
    );
  }
};

function plainName(value: unknown, where: Where): void {
  plainText(value, where);
  if (value === '') refuse(where, 'must name an error');
}

const errorNames: FieldCheck = (value, where) => {
  listOf(errorName)(value, where);
  if ((value as string[]).includes('States.ALL') && (value as string[]).length > 1)
    refuse(where, 'States.ALL stands alone');
};

const retriers = listOf(
  objectOf(
    {
      Comment: anyText,
      ErrorEquals: errorNames,
      IntervalSeconds: seconds,
      BackoffRate: number(1),
      MaxAttempts: wholeNumber(0, longest),
      MaxDelaySeconds: wholeNumber(1, 31_622_400),
      JitterStrategy: oneOf('FULL', 'NONE'),
    },
    ['ErrorEquals'],
  ),
);

const catchers = listOf(
  objectOf({ Comment: anyText, ErrorEquals: errorNames, ResultPath: orNull(resultPath), Next: anyText }, [
    'ErrorEquals',
    'Next',
  ]),
);

/** What catches everything comes last: what follows it would never be asked. */
const allLast =
  (check: FieldCheck): FieldCheck =>
  (value, where) => {
    check(value, where);
    const handlers = value as { ErrorEquals: string[] }[];
    const position = handlers.findIndex(({ ErrorEquals }) => ErrorEquals.includes('States.ALL'));
    if (position >= 0 && position < handlers.length - 1) refuse(where, 'States.ALL comes last');
  };

export const guarded: FieldChecks = {
  ...resulting,
  ResultSelector: template,
  Retry: allLast(retriers),
  Catch: allLast(catchers),
};
