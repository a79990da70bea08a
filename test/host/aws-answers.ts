export * from '../../rehearsal/phases/aws-answers.ts';
