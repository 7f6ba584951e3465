/** Behind each page of a session. */
import './session-countdown.ts';
