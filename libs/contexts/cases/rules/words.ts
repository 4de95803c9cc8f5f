import { NOT_ARCHIVED } from '../state.js';
import { rule } from './rule.js';

/** For those who handle it; the talent never sees it. */
export const addNote = rule({
  command: 'AddNote',
  from: NOT_ARCHIVED,
  roles: ['window', 'department', 'specialist', 'supervisor'],
  decide: (data) => [{ type: 'NoteAdded', data }],
});

/** Between the talent and the desk; who writes says which way it goes. */
export const sendMessage = rule({
  command: 'SendMessage',
  from: NOT_ARCHIVED,
  roles: ['talent', 'window', 'department', 'specialist', 'supervisor'],
  decide: (data, _, { actor }) => [
    { type: 'MessageSent', data: { ...data, direction: actor.role === 'talent' ? 'FROM_TALENT' : 'TO_TALENT' } },
  ],
});
