// The parts that pages are made of. Each file says how to use its parts.
export { html } from 'htm/preact';
export { Button, Menu, Icon, IconButton } from './ui/button.js';
export { Dialog, Sheet, Hosts, ask } from './ui/dialog.js';
export { Field, TextField, TextArea, SelectField, Check, Choice, useForm } from './ui/field.js';
export { DataTable, useList, useSelection, Pager } from './ui/table.js';
export { Status, say, fail, announce } from './ui/status.js';
export { Badge, Banner, Busy, Code, Copy, EmptyState, Loading, Meter, ProblemBox, When } from './ui/bits.js';
