export * from '../../rehearsal/phases/values.ts';
