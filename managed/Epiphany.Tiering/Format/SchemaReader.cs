// Tiering layer, format. The schema of a file, depth first as it is stored, as the columns of a table. From hostile bytes: nesting and the number
// of elements are bounded, and every count must come out.

using System.Collections.Generic;

namespace Epiphany.Tiering;

unsafe ref struct SchemaReader(CompactReader reader, int elements)
{
    const int DeepestNesting = 64;

    CompactReader _reader = reader;
    int _left = elements;
    int _leaves;

    /// <summary>One element; strings point into the footer.</summary>
    struct Element
    {
        internal int Physical;
        internal int Repetition;
        internal int Children;
        internal int Converted;
        internal byte* Name;
        internal int NameLength;
        internal int Length;
        internal int Scale;
        internal int Precision;
        internal bool IsList;
        internal ColumnType Type;
    }

    /// <summary>All top-level columns; <paramref name="after"/> goes on behind the schema.</summary>
    internal ParquetColumn[] Run(out CompactReader after, out int leaves)
    {
        Element root = Next();
        var columns = new List<ParquetColumn>();
        for (int i = 0; i < root.Children; i++)
        {
            columns.Add(Column());
        }

        if (_left != 0)
        {
            Throw.Bad("its schema has elements that belong to nothing");
        }

        after = _reader;
        leaves = _leaves;
        return [.. columns];
    }

    ParquetColumn Column()
    {
        Element top = Next();
        var column = new ParquetColumn(new System.ReadOnlySpan<byte>(top.Name, top.NameLength).ToArray()) { Leaf = _leaves };
        int definition = top.Repetition == (int)Repetition.Required ? 0 : 1;
        if (top.Children == 0)
        {
            _leaves++;
            column.Type = top.Type;
            column.IsList = top.Repetition == (int)Repetition.Repeated;
            column.Nullable = top.Repetition == (int)Repetition.Optional;
            column.MostDefinition = definition;
            column.ElementDefinition = definition;
            return column;
        }

        column.Nullable = top.Repetition == (int)Repetition.Optional;
        if (top.IsList && top.Children == 1 && top.Repetition != (int)Repetition.Repeated)
        {
            List(column, definition);
        }
        else
        {
            column.Unsupported = "it is a struct or a map";
            SkipChildren(top.Children, 1);
        }

        return column;
    }

    /// <summary>Three levels, or two in older files.</summary>
    void List(ParquetColumn column, int definition)
    {
        Element repeated = Next();
        if (repeated.Repetition != (int)Repetition.Repeated || repeated.Children > 1)
        {
            column.Unsupported = "it is a list of structs or maps";
            Leaf(repeated);
            SkipChildren(repeated.Children, 2);
            return;
        }

        definition++;
        Element element = repeated;
        if (repeated.Children == 1)
        {
            element = Next();
            definition += element.Repetition == (int)Repetition.Optional ? 1 : 0;
            if (element.Children > 0 || element.Repetition == (int)Repetition.Repeated)
            {
                column.Unsupported = "it is a list of lists, structs or maps";
                Leaf(element);
                SkipChildren(element.Children, 3);
                return;
            }
        }

        _leaves++;
        column.Type = element.Type;
        column.IsList = true;
        column.MostDefinition = definition;
        column.ElementDefinition = definition - (repeated.Children == 1 && element.Repetition == (int)Repetition.Optional ? 1 : 0);
    }

    void Leaf(in Element element) => _leaves += element.Children == 0 ? 1 : 0;

    void SkipChildren(int count, int depth)
    {
        if (depth > DeepestNesting)
        {
            Throw.Unsupported("its schema is nested too deeply");
        }

        for (int i = 0; i < count; i++)
        {
            Element element = Next();
            Leaf(element);
            SkipChildren(element.Children, depth + 1);
        }
    }

    Element Next()
    {
        if (_left-- <= 0)
        {
            Throw.Bad("its schema ends early");
        }

        var element = new Element { Physical = -1, Converted = -1 };
        int id = 0;
        while (_reader.Field(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    element.Physical = _reader.Int32(type);
                    break;
                case 2:
                    element.Length = _reader.Int32(type);
                    break;
                case 3:
                    element.Repetition = _reader.Int32(type);
                    break;
                case 4:
                    element.Name = _reader.Binary(type, out element.NameLength);
                    break;
                case 5:
                    element.Children = _reader.Int32(type);
                    break;
                case 6:
                    element.Converted = _reader.Int32(type);
                    break;
                case 7:
                    element.Scale = _reader.Int32(type);
                    break;
                case 8:
                    element.Precision = _reader.Int32(type);
                    break;
                case 10:
                    CompactReader.Expect(type, ThriftType.Struct);
                    element.Type = LogicalTypes.Read(ref _reader, out element.IsList);
                    break;
                default:
                    _reader.Skip(type);
                    break;
            }
        }

        Check(ref element);
        return element;
    }

    readonly void Check(ref Element element)
    {
        if (element.Repetition is < 0 or > 2 || element.Children < 0 || element.Children > _left)
        {
            Throw.Bad("its schema contradicts itself");
        }

        if (element.Children > 0)
        {
            element.IsList |= element.Converted == LogicalTypes.ConvertedList;
            return;
        }

        if (element.Physical is < 0 or > 7 ||
            (element.Physical == (int)PhysicalType.FixedBytes && element.Length is <= 0 or > ParquetFormat.MostPageBytes))
        {
            Throw.Bad("its schema has a column of no known type");
        }

        if (element.Type.Annotation == Annotation.None)
        {
            element.Type = LogicalTypes.Converted(element.Converted, element.Precision, element.Scale);
        }

        element.Type = LogicalTypes.Fitting(element.Type with { Physical = (PhysicalType)element.Physical, Length = element.Length });
    }
}
