//! Websocket frames (RFC 6455, section 5.2), as small as the firmware's own: no extensions, no fragments.

/// A text.
pub(super) const TEXT: u8 = 0x1;
/// Bytes.
pub(super) const BINARY: u8 = 0x2;
/// The end of the line.
pub(super) const CLOSE: u8 = 0x8;
/// A question whether anybody is there.
pub(super) const PING: u8 = 0x9;
/// The answer to it.
pub(super) const PONG: u8 = 0xa;

/// Longest payload that fits into the device's memory, in bytes.
const LONGEST: u64 = 32 * 1_024;
const LAST: u8 = 0x80;
const MASKED: u8 = 0x80;

/// A frame that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Whether it is the last one of its message.
    pub(super) is_last: bool,
    /// Its opcode.
    pub(super) kind: u8,
    pub(super) payload: Vec<u8>,
}

/// A frame that does not fit into the device's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Takes the first frame out of `buffer`; `None` while it is not whole.
pub(super) fn take(buffer: &mut Vec<u8>) -> Result<Option<Frame>, TooLong> {
    let Some((head, start, length)) = head(buffer) else { return Ok(None) };
    if length > LONGEST {
        return Err(TooLong);
    }
    let end = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(start);
    let Some(payload) = buffer.get(start..end) else { return Ok(None) };
    let payload = match head.mask {
        Some(mask) => payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect(),
        None => payload.to_vec(),
    };
    buffer.drain(..end);
    Ok(Some(Frame { is_last: head.is_last, kind: head.kind, payload }))
}

struct Head {
    is_last: bool,
    kind: u8,
    mask: Option<[u8; 4]>,
}

/// The head, where the payload begins, and its length.
fn head(buffer: &[u8]) -> Option<(Head, usize, u64)> {
    let [first, second, rest @ ..] = buffer else { return None };
    let (length, rest) = match second & !MASKED {
        126 => rest.split_first_chunk().map(|(bytes, rest)| (u64::from(u16::from_be_bytes(*bytes)), rest))?,
        127 => rest.split_first_chunk().map(|(bytes, rest)| (u64::from_be_bytes(*bytes), rest))?,
        short => (u64::from(short), rest),
    };
    let (mask, rest) = if second & MASKED == 0 {
        (None, rest)
    } else {
        rest.split_first_chunk::<4>().map(|(mask, rest)| (Some(*mask), rest))?
    };
    let head = Head { is_last: first & LAST != 0, kind: first & 0xf, mask };
    Some((head, buffer.len() - rest.len(), length))
}

/// A frame as a client sends it: whole and masked.
pub(super) fn masked(kind: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![LAST | kind];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..126), _) => frame.push(MASKED | length),
        (_, Ok(length)) => {
            frame.push(MASKED | 126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(MASKED | 127);
            frame.extend(u64::try_from(payload.len()).unwrap_or(u64::MAX).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_each_length_comes_back_whole_and_not_before() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload: Vec<u8> = (0..=255).cycle().take(length).collect();
            let frame = masked(TEXT, &payload, [1, 2, 3, 4]);
            let mut buffer = frame[..frame.len() - 1].to_vec();
            let whole = if length > 32 * 1_024 { Err(TooLong) } else { Ok(None) };
            assert_eq!(take(&mut buffer), whole, "{length}");
            if whole.is_ok() {
                buffer = [frame.as_slice(), b"more"].concat();
                let taken = take(&mut buffer).unwrap().unwrap();
                assert_eq!((taken.is_last, taken.kind, taken.payload), (true, TEXT, payload));
                assert_eq!(buffer, b"more");
            }
        }
    }

    #[test]
    fn the_examples_of_the_standard_are_read_and_written() {
        let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(masked(TEXT, b"Hello", [0x37, 0xfa, 0x21, 0x3d]), hello);
        let first_of_two = take(&mut vec![0x01, 0x03, b'H', b'e', b'l']).unwrap().unwrap();
        assert_eq!(first_of_two, Frame { is_last: false, kind: TEXT, payload: b"Hel".to_vec() });
    }
}
