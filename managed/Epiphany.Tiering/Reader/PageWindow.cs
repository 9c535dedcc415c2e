// Tiering layer, reader. A file's bytes through a window that moves forward: small pages are not each a read of their own.

using Epiphany.Storage;

namespace Epiphany.Tiering;

sealed unsafe class PageWindow(IGroupSource source, IMemory memory)
{
    /// <summary>First; twice as much each time that all of it was of use, since a request of an object store takes long whatever it asks
    /// for.</summary>
    const long LeastAhead = 256 * 1024;
    const long MostAhead = 4 << 20;

    ReadBuffer _buffer;
    byte* _bytes;
    long _start;
    long _length;
    long _ahead = LeastAhead;

    internal long BytesRead { get; private set; }

    /// <summary>So many bytes of the file, valid until the next call; more is read ahead, but never past <paramref name="end"/>.</summary>
    internal byte* Get(long offset, long length, long end)
    {
        if (length > end - offset)
        {
            Throw.Bad("a page reaches past its column's end");
        }

        if (offset < _start || offset + length > _start + _length)
        {
            bool goesOn = offset >= _start && offset <= _start + _length;
            _ahead = goesOn ? long.Min(_ahead * 2, MostAhead) : LeastAhead;
            long wanted = long.Min(end - offset, long.Max(length, _ahead));
            _length = 0;
            _bytes = source.At((ulong)offset, (ulong)wanted);
            if (_bytes == null)
            {
                _bytes = _buffer.Ensure(memory, (ulong)wanted);
                source.Read((ulong)offset, _bytes, (ulong)wanted);
            }

            BytesRead += wanted;
            _start = offset;
            _length = wanted;
        }

        return _bytes + (offset - _start);
    }
}
