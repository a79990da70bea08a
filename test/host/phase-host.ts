export * from '../../rehearsal/phases/phase-host.ts';
