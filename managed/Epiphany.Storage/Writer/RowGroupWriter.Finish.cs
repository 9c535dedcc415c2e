// Storage layer, writer. Lays the chunks one after another and closes them with the footer.

using Epiphany.Kernels;

namespace Epiphany.Storage;

public sealed unsafe partial class RowGroupWriter
{
    /// <summary>Encodes what was appended. The image lies in the host's memory until rows are appended again.</summary>
    public GroupImage Finish()
    {
        if (_finished || Rows == 0)
        {
            Throw.InvalidOperation(_finished ? "the row group is finished" : "a row group holds one row at least");
        }

        _finished = true;
        ImageSink image = _image;
        bool keep = true;
        ColumnEntry* entries = (ColumnEntry*)_memory.Allocate((nuint)ulong.Max(1, (ulong)_columns.Length * ColumnEntry.Size));
        _chunks.Begin(Rows);
        for (int i = 0; i < _columns.Length; i++)
        {
            _chunks.Write(_columns[i], entries + i);
            if (Needed() + image.Length > _options.MaxBytes)
            {
                _columns[i].Free();
                keep = false;
            }
        }

        image.Align();
        ulong footerOffset = image.Length;
        WriteFooter(image, entries);
        _memory.Free((byte*)entries);
        if (!keep)
        {
            _chunks.Free();
        }

        return new GroupImage((ulong*)image.Segments, image.Length, footerOffset, (uint)(image.Length - footerOffset), Rows);
    }

    void WriteFooter(ImageSink image, ColumnEntry* entries)
    {
        ulong offset = image.Length;
        ulong length = GroupFormat.FooterLength(_columns.Length);
        byte* footer = _memory.Allocate((nuint)length);
        *(FooterHeader*)footer = new FooterHeader
        {
            Magic = GroupFormat.Magic,
            Version = GroupFormat.Version,
            HeaderSize = FooterHeader.Size,
            Rows = (uint)Rows,
            Columns = (uint)_columns.Length,
            VectorRows = GroupFormat.VectorRows,
            EntrySize = ColumnEntry.Size,
            FooterOffset = offset,
        };
        for (int i = 0; i < _columns.Length; i++)
        {
            ((ColumnEntry*)(footer + FooterHeader.Size))[i] = entries[i];
        }

        // The checksum, then four zero bytes.
        *(uint*)(footer + length - 8) = Crc32C.Compute(footer, length - 8);
        image.Append(footer, length);
        _memory.Free(footer);
    }
}
